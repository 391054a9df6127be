package main

import "sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"

// controllerRuntime measures controller-runtime's priority queue, unnamed and thus without metrics. Its Add
// leaves the item in a buffer that other goroutines empty; Len empties it too, which ends a round of adds.
var controllerRuntime = []benchmark{
	{"controller-runtime", "add_get_done", 200_000, func(n int) sample {
		queue := priorityqueue.New[string]("")
		defer queue.ShutDown()
		return addGetDone(queue, keys(ring), n)
	}},
	{"controller-runtime", "duplicate_add", 1_000_000, func(n int) sample {
		queue := priorityqueue.New[string]("")
		defer queue.ShutDown()
		return duplicateAdd(queue, keys(ring), n, func() { queue.Len() })
	}},
}
