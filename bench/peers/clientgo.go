package main

import (
	"math/rand"
	"sync"
	"time"

	"k8s.io/client-go/util/workqueue"
)

// clientGo measures client-go's FIFO work queue and the delaying queue over it. Both are unnamed, so that
// neither keeps metrics: the quickest they can be.
var clientGo = []benchmark{
	{"client-go", "add_get_done", 1_000_000, func(n int) sample {
		queue := workqueue.NewTyped[string]()
		defer queue.ShutDown()
		return addGetDone(queue, keys(ring), n)
	}},
	{"client-go", "duplicate_add", 5_000_000, func(n int) sample {
		queue := workqueue.NewTyped[string]()
		defer queue.ShutDown()
		return duplicateAdd(queue, keys(ring), n, func() {})
	}},
	{"client-go", "producers_4x16", 1_000_000, producersAndConsumers},
	{"client-go", "deferred_insert", 1_000_000, func(n int) sample {
		delays := delays(n)
		queue := workqueue.NewTypedDelayingQueue[string]()
		defer queue.ShutDown()
		keys := million()
		return throughput(n, func() { park(queue, keys[:n], delays) })
	}},
	{"client-go", "bytes_per_parked_key", 1_000_000, func(n int) sample {
		delays := delays(n)
		keys := million()
		return residence(n, func() (release func()) {
			queue := workqueue.NewTypedDelayingQueue[string]()
			park(queue, keys[:n], delays)
			return queue.ShutDown
		})
	}},
}

// producersAndConsumers sends n distinct keys from 4 goroutines to 16 and ends when the last is done. The
// producers do not yield: with a yield every 64 keys this queue came out slower.
func producersAndConsumers(n int) sample {
	const producers, consumers = 4, 16
	keys := million()[:n]
	queue := workqueue.NewTyped[string]()
	return throughput(n, func() {
		var adding, working sync.WaitGroup
		for range consumers {
			working.Go(func() {
				for {
					key, shutdown := queue.Get()
					if shutdown {
						return
					}
					queue.Done(key)
				}
			})
		}
		share := n / producers
		for p := range producers {
			adding.Go(func() {
				for _, key := range keys[p*share : (p+1)*share] {
					queue.Add(key)
				}
			})
		}
		adding.Wait()
		queue.ShutDownWithDrain()
		working.Wait()
	})
}

// park defers each key. The last thousand or fewer may still be in the queue's channel on return, a
// thousandth of the work.
func park(queue workqueue.TypedDelayingInterface[string], keys []string, delays []time.Duration) {
	for i, key := range keys {
		queue.AddAfter(key, delays[i])
	}
}

// delays are spread evenly between one and two hours in a scattered order, the same in every run; none falls
// due while it is measured.
func delays(n int) []time.Duration {
	random := rand.New(rand.NewSource(1))
	made := make([]time.Duration, n)
	for i := range made {
		made[i] = time.Hour + time.Duration(random.Int63n(int64(time.Hour)))
	}
	return made
}
