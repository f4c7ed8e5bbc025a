package network

import (
	"github.com/ava-labs/avalanchego/ids"
	"github.com/ava-labs/avalanchego/staking"
	"github.com/ava-labs/avalanchego/utils/crypto/bls/signer/localsigner"
)

// keys are a node's own, made before its first start: others must know its ID.
type keys struct {
	nodeID           ids.NodeID
	certificate, tls []byte // PEM
	signer           *localsigner.LocalSigner
}

func newKeys() (keys, error) {
	certificate, tls, err := staking.NewCertAndKeyBytes()
	if err != nil {
		return keys{}, err
	}
	pair, err := staking.LoadTLSCertFromBytes(tls, certificate)
	if err != nil {
		return keys{}, err
	}
	parsed, err := staking.ParseCertificate(pair.Leaf.Raw)
	if err != nil {
		return keys{}, err
	}
	signer, err := localsigner.New()
	return keys{nodeID: ids.NodeIDFromCert(parsed), certificate: certificate, tls: tls, signer: signer}, err
}
