/** Two processes never warm the same prefix. */
export {
  createLeases,
  type LeaseAnswer,
  type LeaseHolder,
  type LeaseOptions,
  type Leases,
} from "./lease-files.ts";
export { createWarmLeases, type WarmLeases } from "./warm-leases.ts";
