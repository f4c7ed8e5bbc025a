import { type Health, HealthCheckResponse_ServingStatus } from "../../../gen/grpc/health/v1/health_pb.ts";
import type { UnaryService } from "../grpc/server.ts";

/** The standard gRPC health check. A process that answers is healthy. */
export const healthService: UnaryService<typeof Health> = {
  check: () => ({ status: HealthCheckResponse_ServingStatus.SERVING }),
};
