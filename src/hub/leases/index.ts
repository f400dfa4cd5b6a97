/** Two processes never warm the same prefix. */
export { LEASE_KEY, LEASE_KEY_FILE } from "./key-file.ts";
export { createLeases, LEASE_FOLDER, type LeaseOptions } from "./lease-files.ts";
export {
  createLeasesIn,
  type FlagText,
  type LeaseAnswer,
  type LeaseContext,
  type LeaseFolder,
  type LeaseHolder,
  type Leases,
} from "./leases.ts";
export { createWarmLeases, type WarmLeases, warmLeasesBy } from "./warm-leases.ts";
