import type { MessageInitShape } from "@bufbuild/protobuf";
import type { NetworkUpgradesSchema } from "../../gen/vm/vm_pb.ts";

const longAgo = { seconds: 1_607_144_400n };

/** When the rules of the network change: what a local node says at Initialize from protocol 37 on. */
export const networkUpgrades: MessageInitShape<typeof NetworkUpgradesSchema> = {
  apricotPhase1Time: longAgo,
  apricotPhase2Time: longAgo,
  apricotPhase3Time: longAgo,
  apricotPhase4Time: longAgo,
  apricotPhase5Time: longAgo,
  apricotPhasePre6Time: longAgo,
  apricotPhase6Time: longAgo,
  apricotPhasePost6Time: longAgo,
  banffTime: longAgo,
  cortinaTime: longAgo,
  cortinaXChainStopVertexId: new Uint8Array(32),
  durangoTime: longAgo,
  etnaTime: longAgo,
  fortunaTime: { seconds: 253_399_622_400n },
  graniteTime: { seconds: 253_399_622_400n },
  graniteEpochDuration: { seconds: 30n },
  heliconTime: { seconds: 253_399_622_400n },
};
