package network

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ava-labs/avalanchego/api"
	"github.com/ava-labs/avalanchego/genesis"
	"github.com/ava-labs/avalanchego/ids"
	"github.com/ava-labs/avalanchego/utils/constants"
	"github.com/ava-labs/avalanchego/utils/crypto/secp256k1"
	"github.com/ava-labs/avalanchego/utils/formatting"
	"github.com/ava-labs/avalanchego/utils/formatting/address"
	"github.com/ava-labs/avalanchego/utils/rpc"
	"github.com/ava-labs/avalanchego/utils/units"
	"github.com/ava-labs/avalanchego/vms/components/avax"
	"github.com/ava-labs/avalanchego/vms/platformvm/txs"
	"github.com/ava-labs/avalanchego/vms/secp256k1fx"

	"github.com/timestampvm/timestampvm/tests/node/internal/poll"
)

// fee is more than any release wants. What is too much is burned.
const fee = units.Avax

// platform issues transactions on a node's P-Chain. All kinds have kept their bytes since before the oldest release, and
// so have the calls, which is why the library of one release will do for all.
type platform struct {
	requester rpc.EndpointRequester
}

func platformOf(nodeURL string) platform {
	return platform{requester: rpc.NewEndpointRequester(nodeURL + "/ext/P")}
}

// createSubnet returns the ID of a new subnet once it is accepted.
func (p platform) createSubnet(ctx context.Context) (ids.ID, error) {
	base, err := p.spend(ctx)
	if err != nil {
		return ids.Empty, err
	}
	return p.issue(ctx, &txs.CreateSubnetTx{BaseTx: base, Owner: owner()}, 1)
}

// addValidator returns once the node validates the subnet, for longer than anybody waits.
func (p platform) addValidator(ctx context.Context, subnetID ids.ID, node ids.NodeID) error {
	base, err := p.spend(ctx)
	if err != nil {
		return err
	}
	_, err = p.issue(ctx, &txs.AddSubnetValidatorTx{
		BaseTx: base,
		SubnetValidator: txs.SubnetValidator{
			Validator: txs.Validator{NodeID: node, End: uint64(time.Now().Add(30 * 24 * time.Hour).Unix()), Wght: 1_000},
			Subnet:    subnetID,
		},
		SubnetAuth: &secp256k1fx.Input{SigIndices: []uint32{0}},
	}, 2)
	return err
}

// createChain returns the ID of a new chain once it is accepted.
func (p platform) createChain(ctx context.Context, subnetID, vmID ids.ID, genesis []byte) (ids.ID, error) {
	base, err := p.spend(ctx)
	if err != nil {
		return ids.Empty, err
	}
	return p.issue(ctx, &txs.CreateChainTx{
		BaseTx:      base,
		SubnetID:    subnetID,
		ChainName:   "timestampvm",
		VMID:        vmID,
		GenesisData: genesis,
		SubnetAuth:  &secp256k1fx.Input{SigIndices: []uint32{0}},
	}, 2)
}

// spend pays the fee from the largest output of the well-known key.
func (p platform) spend(ctx context.Context) (txs.BaseTx, error) {
	var largest *avax.UTXO
	err := poll.Until(ctx, func() error {
		var err error
		largest, err = p.largestOutput(ctx)
		return err
	})
	if err != nil {
		return txs.BaseTx{}, fmt.Errorf("looking for funds: %w", err)
	}
	amount := largest.Out.(*secp256k1fx.TransferOutput).Amt
	return txs.BaseTx{BaseTx: avax.BaseTx{
		NetworkID:    networkID,
		BlockchainID: constants.PlatformChainID,
		Ins: []*avax.TransferableInput{{
			UTXOID: largest.UTXOID,
			Asset:  largest.Asset,
			In:     &secp256k1fx.TransferInput{Amt: amount, Input: secp256k1fx.Input{SigIndices: []uint32{0}}},
		}},
		Outs: []*avax.TransferableOutput{{
			Asset: largest.Asset,
			Out:   &secp256k1fx.TransferOutput{Amt: amount - fee, OutputOwners: *owner()},
		}},
	}}, nil
}

func (p platform) largestOutput(ctx context.Context) (*avax.UTXO, error) {
	owner, err := address.Format("P", hrp, genesis.EWOQKey.Address().Bytes())
	if err != nil {
		return nil, err
	}
	var reply api.GetUTXOsReply
	err = p.requester.SendRequest(ctx, "platform.getUTXOs",
		api.GetUTXOsArgs{Addresses: []string{owner}, Encoding: formatting.Hex}, &reply)
	if err != nil {
		return nil, err
	}
	var largest *avax.UTXO
	for _, text := range reply.UTXOs {
		bytes, err := formatting.Decode(formatting.Hex, text)
		if err != nil {
			return nil, err
		}
		utxo := new(avax.UTXO)
		if _, err := txs.Codec.Unmarshal(bytes, utxo); err != nil {
			return nil, err
		}
		out, ok := utxo.Out.(*secp256k1fx.TransferOutput)
		if ok && (largest == nil || out.Amt > largest.Out.(*secp256k1fx.TransferOutput).Amt) {
			largest = utxo
		}
	}
	if largest == nil {
		return nil, errors.New("the key has no funds")
	}
	return largest, nil
}

// issue signs, sends, and waits until the transaction is accepted.
func (p platform) issue(ctx context.Context, unsigned txs.UnsignedTx, signatures int) (ids.ID, error) {
	signers := make([][]*secp256k1.PrivateKey, signatures)
	for i := range signers {
		signers[i] = []*secp256k1.PrivateKey{genesis.EWOQKey}
	}
	tx, err := txs.NewSigned(unsigned, txs.Codec, signers)
	if err != nil {
		return ids.Empty, err
	}
	text, err := formatting.Encode(formatting.Hex, tx.Bytes())
	if err != nil {
		return ids.Empty, err
	}
	var issued api.JSONTxID
	err = p.requester.SendRequest(ctx, "platform.issueTx", api.FormattedTx{Tx: text, Encoding: formatting.Hex}, &issued)
	if err != nil {
		return ids.Empty, fmt.Errorf("issuing %T: %w", unsigned, err)
	}
	err = poll.Until(ctx, func() error { return p.committed(ctx, tx.ID()) })
	if err != nil {
		return ids.Empty, fmt.Errorf("issued %T: %w", unsigned, err)
	}
	return tx.ID(), nil
}

func (p platform) committed(ctx context.Context, id ids.ID) error {
	var reply struct {
		Status string `json:"status"`
		Reason string `json:"reason"`
	}
	err := p.requester.SendRequest(ctx, "platform.getTxStatus", map[string]string{"txID": id.String()}, &reply)
	if err == nil && reply.Status != "Committed" {
		err = fmt.Errorf("the transaction is %s: %s", reply.Status, reply.Reason)
	}
	return err
}

func owner() *secp256k1fx.OutputOwners {
	return &secp256k1fx.OutputOwners{Threshold: 1, Addrs: []ids.ShortID{genesis.EWOQKey.Address()}}
}
