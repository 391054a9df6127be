package main

import (
	"fmt"
	"sync"
)

// workQueue is what the three queues have in common.
type workQueue[T any] interface {
	Add(item T)
	Get() (item T, shutdown bool)
	Done(item T)
}

// ring is how many distinct items the one-thread cases go round: enough that nothing is special about
// one of them, few enough that the figures are those of the structure and not of cold memory.
const ring = 1_000

// million holds 1,000,000 distinct keys of 29 bytes, built when a case first asks for them.
var million = sync.OnceValue(func() []string { return keys(1_000_000) })

func keys(n int) []string {
	made := make([]string, n)
	for i := range made {
		made[i] = fmt.Sprintf("default/gateway/entry-%07d", i)
	}
	return made
}

// addGetDone passes one item after another through an otherwise empty queue on one thread.
func addGetDone[T any](queue workQueue[T], items []T, n int) sample {
	pass := func(times int) {
		for i := range times {
			queue.Add(items[i%len(items)])
			item, _ := queue.Get()
			queue.Done(item)
		}
	}
	pass(len(items))
	return throughput(n, func() { pass(n) })
}

// duplicateAdd adds items that already wait in the queue. flush returns when the queue has taken in every
// add so far; it is for queues whose Add only leaves the item in a buffer.
func duplicateAdd[T any](queue workQueue[T], items []T, n int, flush func()) sample {
	for _, item := range items {
		queue.Add(item)
	}
	flush()
	return throughput(n, func() {
		for i := range n {
			queue.Add(items[i%len(items)])
		}
		flush()
	})
}
