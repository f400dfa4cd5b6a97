/** A loopback HTTP gateway: any client with a base URL becomes a host. */
export {
  type AttachedRun,
  createGateway,
  type Gateway,
  type GatewayOptions,
  type RunOptions,
} from "./gateway.ts";
export { type Service, type ServiceOptions, startService } from "./service.ts";
