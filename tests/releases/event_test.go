package releases

import (
	"testing"
)

// An event that comes while bootstrapping, or for a block that is not accepted in the end, is lost in the node.
func TestEventComesAgainUntilTheDataIsBuilt(t *testing.T) {
	c := openBootstrapping(t, newSite(t))
	c.propose(t, "early")
	c.finishBootstrapping(t)
	for range 3 {
		c.awaitEvent(t)
	}
	c.accept(t, c.build(t))
	c.requireShown(t, c.lastAccepted(t), 1, "early")
}

func TestEventsComeForEveryProposal(t *testing.T) {
	c := open(t, newSite(t))
	for _, data := range []string{"one", "two", "three", "four", "five"} {
		c.propose(t, data)
	}
	for height, data := range []string{"one", "two", "three", "four", "five"} {
		c.accept(t, c.build(t))
		c.requireShown(t, c.lastAccepted(t), uint64(height+1), data)
	}
}
