package main

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// callers is how many clients call at once where calls per second are measured.
const callers = 32

// samples are durations of one kind of call.
type samples []time.Duration

// since adds the time that has passed and gives the time it is now.
func (s *samples) since(started time.Time) time.Time {
	now := time.Now()
	*s = append(*s, now.Sub(started))
	return now
}

// percentile is the value that so many percent of the samples do not exceed.
func (s samples) percentile(percent int) time.Duration {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	return sorted[(len(sorted)-1)*percent/100]
}

func (s samples) p50p99() value {
	return value{Value: microseconds(s.percentile(50)), P99: microseconds(s.percentile(99))}
}

// milliseconds are the median, the 99th percentile and the longest.
func (s samples) milliseconds() string {
	return milliseconds(s.percentile(50)) + " / " + milliseconds(s.percentile(99)) + " / " + milliseconds(s.percentile(100))
}

func milliseconds(d time.Duration) string { return number(microseconds(d) / 1000) }

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

func microseconds(d time.Duration) float64 {
	return float64(d) / float64(time.Microsecond)
}

// sequentially makes the calls one after another.
func sequentially(count int, call func(i int) error) (samples, error) {
	times := make(samples, 0, count)
	for i := range count {
		started := time.Now()
		if err := call(i); err != nil {
			return nil, err
		}
		times.since(started)
	}
	return times, nil
}

// together makes the calls from all callers at once and tells how long that took.
func together(count int, call func(i int) error) (time.Duration, error) {
	var (
		next   atomic.Int64
		failed atomic.Pointer[error]
		group  sync.WaitGroup
	)
	started := time.Now()
	for range callers {
		group.Go(func() {
			for failed.Load() == nil {
				i := int(next.Add(1)) - 1
				if i >= count {
					return
				}
				if err := call(i); err != nil {
					failed.CompareAndSwap(nil, &err)
				}
			}
		})
	}
	group.Wait()
	took := time.Since(started)
	if err := failed.Load(); err != nil {
		return 0, *err
	}
	return took, nil
}
