package network

import (
	"encoding/json"
	"os"
	"time"

	"github.com/ava-labs/avalanchego/genesis"
	"github.com/ava-labs/avalanchego/ids"
	"github.com/ava-labs/avalanchego/utils/constants"
	"github.com/ava-labs/avalanchego/utils/formatting/address"
	"github.com/ava-labs/avalanchego/utils/units"
	"github.com/ava-labs/avalanchego/vms/platformvm/signer"
)

const (
	// Not one that AvalancheGo knows, so that it takes the genesis from us: its own local one changes with its releases.
	networkID = 80160

	funds = 10 * units.MegaAvax
)

// The C-Chain's first block is older than all upgrades, so that all releases make the same of it. Its ID is not one of
// those that AvalancheGo knows, and the upgrades are when the newer releases say anyway: in December 2020.
const cChainGenesis = `{"config":{"chainId":80160,"homesteadBlock":0,"daoForkBlock":0,"daoForkSupport":true,` +
	`"eip150Block":0,"eip150Hash":"0x2086799aeebeae135c246c65021c82b4e15a2c451340993aacfd2751886514f0",` +
	`"eip155Block":0,"eip158Block":0,"byzantiumBlock":0,"constantinopleBlock":0,"petersburgBlock":0,` +
	`"istanbulBlock":0,"muirGlacierBlock":0,"apricotPhase1BlockTimestamp":1607144400,` +
	`"apricotPhase2BlockTimestamp":1607144400,"apricotPhase3BlockTimestamp":1607144400,` +
	`"apricotPhase4BlockTimestamp":1607144400,"apricotPhase5BlockTimestamp":1607144400},` +
	`"nonce":"0x0","timestamp":"0x0","extraData":"0x00","gasLimit":"0x5f5e100","difficulty":"0x0",` +
	`"mixHash":"0x0000000000000000000000000000000000000000000000000000000000000000",` +
	`"coinbase":"0x0000000000000000000000000000000000000000",` +
	`"alloc":{"8db97C7cEcE249c2b98bDC0226Cc4C2A57BF52FC":{"balance":"0x295BE96E64066972000000"}},` +
	`"number":"0x0","gasUsed":"0x0",` +
	`"parentHash":"0x0000000000000000000000000000000000000000000000000000000000000000"}`

// writeGenesis writes a genesis that all releases understand: the well-known key has funds, and the nodes of a staked
// network have stakes.
func (n *Network) writeGenesis() error {
	rich, err := address.Format("X", hrp, genesis.EWOQKey.Address().Bytes())
	if err != nil {
		return err
	}
	staker, err := address.Format("X", hrp, genesis.VMRQKey.Address().Bytes())
	if err != nil {
		return err
	}
	stakers, err := n.stakers(staker)
	if err != nil {
		return err
	}
	bytes, err := json.MarshalIndent(genesis.UnparsedConfig{
		NetworkID:            networkID,
		Allocations:          []genesis.UnparsedAllocation{allocation(rich), allocation(staker)},
		StartTime:            uint64(time.Now().Add(-time.Hour).Unix()),
		InitialStakeDuration: uint64((300 * 24 * time.Hour).Seconds()),
		InitialStakedFunds:   []string{staker},
		InitialStakers:       stakers,
		CChainGenesis:        cChainGenesis,
		Message:              "timestampvm",
	}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(n.genesisFile(), bytes, 0o644)
}

// stakers are the nodes of a staked network, or else one that exists only because there has to be one.
func (n *Network) stakers(rewards string) ([]genesis.UnparsedStaker, error) {
	if !n.config.Staked {
		return []genesis.UnparsedStaker{{NodeID: ids.NodeID{1}, RewardAddress: rewards}}, nil
	}
	var stakers []genesis.UnparsedStaker
	for _, node := range n.nodes {
		proof, err := signer.NewProofOfPossession(node.keys.signer)
		if err != nil {
			return nil, err
		}
		stakers = append(stakers, genesis.UnparsedStaker{NodeID: node.ID(), RewardAddress: rewards, Signer: proof})
	}
	return stakers, nil
}

func (n *Network) genesisFile() string {
	return n.folder.Path("genesis.json")
}

func allocation(owner string) genesis.UnparsedAllocation {
	return genesis.UnparsedAllocation{
		ETHAddr:        "0x0000000000000000000000000000000000000000",
		AVAXAddr:       owner,
		InitialAmount:  funds,
		UnlockSchedule: []genesis.LockedAmount{{Amount: funds}},
	}
}

var hrp = constants.GetHRP(networkID)
