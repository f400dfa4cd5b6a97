/** Where the key is, and what it looks like. */
export const LEASE_KEY_FILE = "lease-key";
export const LEASE_KEY = /^[\w-]{43}$/;
