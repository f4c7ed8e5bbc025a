package chaos

import (
	"fmt"
	"io"
	"slices"
	"time"
)

// Print writes what was done and what was found.
func (r Report) Print(out io.Writer) {
	f, v := r.Figures, r.Verdict
	fmt.Fprintf(out, "\nseed %d, %s\n", r.Seed, r.Took.Round(time.Second))
	fmt.Fprintf(out, "faults      %d plugin kills, %d node kills, %d restarts, %d stops, %d wipes\n",
		f.PluginKills, f.NodeKills, f.Restarts, f.Stops, f.Wipes)
	fmt.Fprintf(out, "recovery    %s; all nodes healthy: %s\n", spread(f.Recoveries), spread(f.Green))
	fmt.Fprintf(out, "chain       %d blocks\n", v.Blocks)
	fmt.Fprintf(out, "proposals   %d acknowledged, %d of them found; at risk in a wipe: %d, of them lost: %d\n",
		v.Acknowledged, v.Found, v.AtRisk, v.Lost)
	fmt.Fprintf(out, "no answer   %d, of them found: %d\n", v.Unknown, v.UnknownFound)
	fmt.Fprintf(out, "repeated    %d on purpose, of them in more than one block: %d\n", v.Repeated, v.FoundTwice)
	fmt.Fprintf(out, "violations  %d\n", len(v.Violations))
	for _, violation := range v.Violations {
		fmt.Fprintf(out, "  %s\n", violation)
	}
}

// Print writes what was done and what was found.
func (r SiegeReport) Print(out io.Writer) {
	r.Report.Print(out)
	d := r.Deeds
	fmt.Fprintf(out, "siege       %d attacks by clients, %d floods by peers, %d broken threads of clients, %d stalled disks\n",
		d.Attacks, d.Floods, d.Broken, d.Stalls)
	r.Measured.Print(out)
}

func spread(times []time.Duration) string {
	if len(times) == 0 {
		return "none"
	}
	sorted := slices.Sorted(slices.Values(times))
	return fmt.Sprintf("median %s, longest %s", sorted[len(sorted)/2].Round(time.Millisecond), sorted[len(sorted)-1].Round(time.Millisecond))
}
