package attack

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"
)

const many = 2_000

func TestSeedRepeatsItsRequests(t *testing.T) {
	one, same, other := Generated(7, many, 1), Generated(7, many, 1), Generated(8, many, 1)
	differs := false
	for i := range many {
		if !reflect.DeepEqual(one.Request(Chain{}, i), same.Request(Chain{}, i)) {
			t.Fatalf("request %d is not the same", i)
		}
		differs = differs || !reflect.DeepEqual(one.Request(Chain{}, i), other.Request(Chain{}, i))
	}
	if !differs {
		t.Fatal("another seed makes the same")
	}
}

func TestRequestsOfEveryKindAreGenerated(t *testing.T) {
	seen := map[string]bool{}
	kinds := map[string]func(string) bool{
		"a batch":                func(body string) bool { return strings.HasPrefix(body, `[{"jsonrpc"`) },
		"a notification":         func(body string) bool { return strings.HasPrefix(body, `{"jsonrpc":"2.0","method"`) },
		"deep JSON":              func(body string) bool { return strings.Contains(body, strings.Repeat("[", 1_000)) },
		"wide JSON":              func(body string) bool { return strings.Contains(body, strings.Repeat(",1", 1_000)) },
		"a body of 500 KB":       func(body string) bool { return len(body) > 500_000 },
		"a batch of too many":    func(body string) bool { return strings.Count(body, `{"jsonrpc"`) > maxBatch },
		"a body that is no JSON": func(body string) bool { return body != "" && body[0] != '{' && body[0] != '[' },
	}
	attack := Generated(1, many, 1)
	rude := map[Manner]bool{}
	for i := range many {
		r := attack.Request(Chain{Early: "early", Large: 20}, i)
		rude[r.Manner] = true
		for name, is := range kinds {
			seen[name] = seen[name] || is(string(r.Body))
		}
		seen["a page"] = seen["a page"] || strings.HasPrefix(r.Path, "/explorer?")
		if _, proposes := ProposalOf(r); proposes {
			t.Fatal("somebody would have to keep a list of what is proposed")
		}
	}
	for name := range kinds {
		if !seen[name] {
			t.Errorf("never %s", name)
		}
	}
	if len(rude) != int(manners) || !seen["a page"] {
		t.Errorf("only the manners %v", rude)
	}
}

// Each request of a rude client ends, whatever the server does.
func TestRudeClientsGo(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = w.Write(make([]byte, 1<<20))
	}))
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	rude := Attack{"every manner", int(manners), int(manners), func(_ Chain, i int) Request {
		return Request{Path: "/", Body: make([]byte, 1<<20), Manner: Manner(i)}
	}}
	answers := rude.Send(ctx, Target{URL: func(path string) string { return server.URL + path }})
	if answers["200"] != 1 || answers["not read"]+answers["cut off"] != int(manners)-1 {
		t.Fatal(answers)
	}
}
