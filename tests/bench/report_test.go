package main

import (
	"strings"
	"testing"
	"time"
)

func TestTableIsAlignedAndJudgesGoals(t *testing.T) {
	r := report{}
	r.add("good", "µs", atMostPeer, map[string]value{ours: {Value: 5}, peer: {Value: 10}})
	r.add("bad", "calls/s", atLeastPeer, map[string]value{ours: {Value: 5}, peer: {Value: 10}})
	r.add("alone", "ms", below(60), map[string]value{ours: {Value: 27.3, Min: 24, Max: 38}})
	r.add("peer away", "", atMostPeer, map[string]value{ours: {Value: 1}})
	var out strings.Builder
	r.write(&out)
	const want = `| figure    | unit    |             ours | peer | ours/peer | goal   |        |
|-----------|---------|-----------------:|-----:|----------:|--------|--------|
| good      | µs      |             5.00 | 10.0 |      0.50 | ≤ peer | met    |
| bad       | calls/s |             5.00 | 10.0 |      0.50 | ≥ peer | MISSED |
| alone     | ms      | 27.3 (24.0–38.0) |    – |           | < 60   | met    |
| peer away |         |             1.00 |    – |           | ≤ peer |        |

`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

func TestPercentileAndMedian(t *testing.T) {
	var s samples
	for i := 100; i >= 1; i-- {
		s = append(s, time.Duration(i))
	}
	for percent, want := range map[int]time.Duration{0: 1, 50: 50, 99: 99, 100: 100} {
		if got := s.percentile(percent); got != want {
			t.Errorf("p%d is %d, want %d", percent, got, want)
		}
	}
	if got := median([]float64{4, 1, 3, 2}); got != 2.5 {
		t.Errorf("median %v", got)
	}
}
