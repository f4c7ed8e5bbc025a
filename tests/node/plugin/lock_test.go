package plugin

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSecondPluginOnTheSameDataIsRefused(t *testing.T) {
	s := newSite(t)
	first := open(t, options{site: &s})
	first.stamp(t, "one")

	second := s.otherNode(t) // with a database of its own, as leveldb would refuse otherwise
	second.chainData = s.chainData
	_, err := tryOpen(t, options{site: &second})
	require.ErrorContains(t, err, filepath.Join(s.chainData, "timestampvm.db"))

	first.stamp(t, "two")
	require.Len(t, first.requireWhole(t), 3)
	first.close(t)
	again := open(t, options{site: &s})
	require.Len(t, again.requireWhole(t), 3)
}
