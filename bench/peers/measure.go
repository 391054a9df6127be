package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// figure is one measured number under the name it is printed with. Lower is better for every figure here.
type figure struct {
	name  string
	value float64
}

// sample is what one round saw. Every round of a case gives the same figures in the same order.
type sample []figure

// throughput times work, which does n operations, and counts what it allocates. Allocations of every
// goroutine count, so work must include whatever the peer does behind its own calls.
func throughput(n int, work func()) sample {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	start := time.Now()
	work()
	elapsed := time.Since(start)
	runtime.ReadMemStats(&after)
	per := float64(n)
	return sample{
		{"ns_per_op", float64(elapsed.Nanoseconds()) / per},
		{"allocs_per_op", float64(after.Mallocs-before.Mallocs) / per},
		{"bytes_per_op", float64(after.TotalAlloc-before.TotalAlloc) / per},
	}
}

// residence tells the bytes that stay live for each of the n things that fill keeps. The release that fill
// returns holds on to them until the heap has been counted, then lets them go.
func residence(n int, fill func() (release func())) sample {
	before := liveHeap()
	release := fill()
	after := liveHeap()
	release()
	return sample{{"bytes_per_op", (float64(after) - float64(before)) / float64(n)}}
}

// liveHeap collects twice, so that what the first collection finalises is gone too.
func liveHeap() uint64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// latency gives the percentiles of the waits that were measured one by one.
func latency(waits []time.Duration) sample {
	slices.Sort(waits)
	at := func(fraction float64) float64 {
		return float64(waits[int(fraction*float64(len(waits)-1))].Nanoseconds()) / 1e3
	}
	return sample{{"p50_us", at(0.50)}, {"p99_us", at(0.99)}}
}

// line is the JSON line of a case: the plain names hold the minimum over the rounds.
func line(b benchmark, rounds []sample) string {
	var out strings.Builder
	fmt.Fprintf(&out, `{"peer": %q, "version": %q, "case": %q`, b.peer, versions[b.peer], b.name)
	for i, f := range rounds[0] {
		values := make([]float64, len(rounds))
		for round, s := range rounds {
			values[round] = s[i].value
		}
		slices.Sort(values)
		fmt.Fprintf(&out, `, "%s": %.2f, "%s_median": %.2f`, f.name, values[0], f.name, median(values))
	}
	fmt.Fprintf(&out, `, "n": %d, "rounds": %d}`, b.n, len(rounds))
	return out.String()
}

func median(sorted []float64) float64 {
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// versions holds the version of each peer that this binary was built with.
var versions = func() map[string]string {
	modules := map[string]string{
		"k8s.io/client-go":               "client-go",
		"sigs.k8s.io/controller-runtime": "controller-runtime",
		"github.com/hashicorp/consul":    "consul",
	}
	found := map[string]string{}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if peer, ok := modules[module.Path]; ok {
				found[peer] = module.Version
			}
		}
	}
	return found
}()
