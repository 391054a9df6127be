// Command peers runs the work that Trimtab's own benches run on the published Go libraries of the
// field, and prints one JSON line per measurement.
//
// Only a ratio taken side by side in one run counts as a result, so the rounds of all chosen cases are
// interleaved and each figure is given as its minimum and its median over the rounds.
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
)

// benchmark is one case of one peer. Each call of run is one round: it sets up afresh, does the work of n
// operations and says what it saw.
type benchmark struct {
	peer, name string
	n          int
	run        func(n int) sample
}

func main() {
	chosen := flag.String("cases", "", "comma-separated `names`, each a case or peer/case (default: all)")
	rounds := flag.Int("rounds", 3, "rounds per case")
	list := flag.Bool("list", false, "print the names of all cases and end")
	flag.Parse()

	all := benchmarks()
	if *list {
		for _, b := range all {
			fmt.Printf("%s/%s n=%d\n", b.peer, b.name, b.n)
		}
		return
	}
	selected, err := choose(all, *chosen)
	if err == nil && *rounds < 1 {
		err = fmt.Errorf("-rounds is %d, needs at least 1", *rounds)
	}
	if err == nil && flag.NArg() > 0 {
		err = fmt.Errorf("unexpected argument %q; cases are given as -cases a,b", flag.Arg(0))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(2)
	}

	samples := make([][]sample, len(selected))
	for round := range *rounds {
		for i, b := range selected {
			fmt.Fprintf(os.Stderr, "round %d of %d: %s/%s n=%d\n", round+1, *rounds, b.peer, b.name, b.n)
			samples[i] = append(samples[i], b.run(b.n))
		}
	}
	for i, b := range selected {
		fmt.Println(line(b, samples[i]))
	}
}

// benchmarks is the table of all cases, in the order in which they run.
func benchmarks() []benchmark {
	return slices.Concat(clientGo, controllerRuntime, consul)
}

// choose keeps the benchmarks that one of the comma-separated names means, in the order of the table.
func choose(all []benchmark, names string) ([]benchmark, error) {
	if names == "" {
		return all, nil
	}
	wanted := strings.Split(names, ",")
	for _, name := range wanted {
		if !slices.ContainsFunc(all, func(b benchmark) bool { return b.answersTo(name) }) {
			return nil, fmt.Errorf("no case %q; -list prints them", name)
		}
	}
	return slices.DeleteFunc(all, func(b benchmark) bool { return !slices.ContainsFunc(wanted, b.answersTo) }), nil
}

func (b benchmark) answersTo(name string) bool {
	return name == b.name || name == b.peer+"/"+b.name
}
