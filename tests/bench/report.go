package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The two columns of the table.
const (
	ours = "ours"
	peer = "peer"
)

// figure is one row of the table.
type figure struct {
	Section string           `json:"section"`
	Name    string           `json:"name"`
	Unit    string           `json:"unit"`
	Values  map[string]value `json:"values"` // by column
	Goal    string           `json:"goal,omitempty"`
	Met     *bool            `json:"met,omitempty"`
	change  bool             // around nothing, where a ratio says nothing
}

// value is what was measured; of durations the median, with the 99th percentile
// or the range where that tells something.
type value struct {
	Value float64 `json:"value"`
	P99   float64 `json:"p99,omitempty"`
	Min   float64 `json:"min,omitempty"`
	Max   float64 `json:"max,omitempty"`
}

func (v value) String() string {
	text := number(v.Value)
	if v.P99 != 0 {
		text += " / " + number(v.P99)
	}
	if v.Min != v.Max {
		text += " (" + number(v.Min) + "–" + number(v.Max) + ")"
	}
	return text
}

// number shows three digits that count, and every digit before the point.
func number(v float64) string {
	digits := 2 - int(math.Floor(math.Log10(math.Max(math.Abs(v), 0.01))))
	return strconv.FormatFloat(v, 'f', min(max(digits, 0), 2), 64)
}

// goal tells whether our figure is good enough, given the peer's.
type goal struct {
	text      string
	met       func(ours, peer float64) bool
	needsPeer bool
	change    bool // the figure may be above or below nothing
}

var (
	noGoal        = goal{}
	atMostPeer    = goal{text: "≤ peer", needsPeer: true, met: func(ours, peer float64) bool { return ours <= peer }}
	atLeastPeer   = goal{text: "≥ peer", needsPeer: true, met: func(ours, peer float64) bool { return ours >= peer }}
	twentiethPeer = goal{text: "≤ peer / 20", needsPeer: true, met: func(ours, peer float64) bool { return ours <= peer/20 }}
)

func below(limit float64) goal {
	return goal{text: "< " + plain(limit), met: func(ours, _ float64) bool { return ours < limit }}
}

func atMost(limit float64) goal {
	return goal{text: "≤ " + plain(limit), met: func(ours, _ float64) bool { return ours <= limit }}
}

func within(limit float64) goal {
	return goal{text: "± " + plain(limit), change: true, met: func(ours, _ float64) bool { return math.Abs(ours) <= limit }}
}

func plain(limit float64) string { return strconv.FormatFloat(limit, 'g', -1, 64) }

// report collects the figures of a run.
type report struct {
	Taken   []string `json:"taken"` // how the figures were taken
	Figures []figure `json:"figures"`
	Notes   []string `json:"notes,omitempty"`
	columns []string
	section string
}

func (r *report) add(name, unit string, g goal, values map[string]value) {
	f := figure{Section: r.section, Name: name, Unit: unit, Values: values, Goal: g.text, change: g.change}
	own, haveOwn := values[ours]
	other, havePeer := values[peer]
	if g.met != nil && haveOwn && (havePeer || !g.needsPeer) {
		met := g.met(own.Value, other.Value)
		f.Met = &met
	}
	r.Figures = append(r.Figures, f)
}

func (r *report) note(format string, args ...any) {
	r.Notes = append(r.Notes, fmt.Sprintf(format, args...))
}

// missed counts the goals that were not reached.
func (r *report) missed() int {
	count := 0
	for _, f := range r.Figures {
		if f.Met != nil && !*f.Met {
			count++
		}
	}
	return count
}

// write prints the table, which Markdown reads as a table too.
func (r *report) write(w io.Writer) {
	rows := [][]string{{"figure", "unit", ours, peer, "ours/peer", "goal", ""}, nil}
	for _, f := range r.Figures {
		rows = append(rows, []string{f.Name, f.Unit, f.cell(ours), f.cell(peer), f.ratio(), f.Goal, f.verdict()})
	}
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	rightAligned := []int{2, 3, 4}
	for _, row := range rows {
		for i, width := range widths {
			fmt.Fprint(w, "|")
			switch right := slices.Contains(rightAligned, i); {
			case row == nil && right:
				fmt.Fprint(w, strings.Repeat("-", width+1)+":")
			case row == nil:
				fmt.Fprint(w, strings.Repeat("-", width+2))
			case right:
				fmt.Fprint(w, " "+padding(row[i], width)+row[i]+" ")
			default:
				fmt.Fprint(w, " "+row[i]+padding(row[i], width)+" ")
			}
		}
		fmt.Fprintln(w, "|")
	}
	fmt.Fprintln(w)
	for _, line := range slices.Concat(r.Taken, r.Notes) {
		fmt.Fprintf(w, "- %s\n", line)
	}
}

func padding(cell string, width int) string {
	return strings.Repeat(" ", width-utf8.RuneCountInString(cell))
}

func (f figure) cell(column string) string {
	if v, ok := f.Values[column]; ok {
		return v.String()
	}
	return "–"
}

func (f figure) ratio() string {
	own, haveOwn := f.Values[ours]
	other, havePeer := f.Values[peer]
	if !haveOwn || !havePeer || other.Value <= 0 || f.change {
		return ""
	}
	return number(own.Value / other.Value)
}

func (f figure) verdict() string {
	switch {
	case f.Met == nil:
		return ""
	case *f.Met:
		return "met"
	default:
		return "MISSED"
	}
}

func (r *report) writeJSON(path string) error {
	encoded, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(encoded, '\n'), 0o644)
}
