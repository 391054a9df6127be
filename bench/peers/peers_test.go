package main

import (
	"encoding/json"
	"testing"
)

// TestEveryCasePrintsItsFiguresAsJSON runs each case small and reads its line as a bench would.
func TestEveryCasePrintsItsFiguresAsJSON(t *testing.T) {
	all, err := choose(benchmarks(), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range all {
		t.Run(b.peer+"/"+b.name, func(t *testing.T) {
			b.n = min(b.n, 200)
			var read map[string]any
			if err := json.Unmarshal([]byte(line(b, []sample{b.run(b.n), b.run(b.n)})), &read); err != nil {
				t.Fatal(err)
			}
			if read["peer"] != b.peer || read["case"] != b.name || read["n"] != float64(b.n) {
				t.Errorf("the line is of another case: %v", read)
			}
			wanted := []string{"ns_per_op", "allocs_per_op", "bytes_per_op"}
			switch b.name {
			case "bytes_per_parked_key":
				wanted = []string{"bytes_per_op"}
			case "idle_write_to_reconcile":
				wanted = []string{"p50_us", "p99_us"}
			}
			for _, name := range wanted {
				least, ok := read[name].(float64)
				middle, okMedian := read[name+"_median"].(float64)
				if !ok || !okMedian || least > middle {
					t.Errorf("%s is %v and its median %v", name, read[name], read[name+"_median"])
				}
			}
		})
	}
}

func TestTheLineHoldsTheMinimumAndTheMedianOfTheRounds(t *testing.T) {
	rounds := []sample{{{"ns_per_op", 5}}, {{"ns_per_op", 1}}, {{"ns_per_op", 3}}, {{"ns_per_op", 9}}}
	got := line(benchmark{peer: "nobody", name: "nothing", n: 7}, rounds)
	want := `{"peer": "nobody", "version": "", "case": "nothing", "ns_per_op": 1.00, "ns_per_op_median": 4.00, "n": 7, "rounds": 4}`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestACaseIsChosenByItsNameOfOnePeerOrOfAll(t *testing.T) {
	for names, want := range map[string]int{"duplicate_add": 3, "consul/duplicate_add": 1, "consul/add_get_done,duplicate_add": 4} {
		chosen, err := choose(benchmarks(), names)
		if err != nil || len(chosen) != want {
			t.Errorf("%q chose %d cases (error %v), want %d", names, len(chosen), err, want)
		}
	}
	if _, err := choose(benchmarks(), "duplicate_ad"); err == nil {
		t.Error("a misspelt case was accepted")
	}
}
