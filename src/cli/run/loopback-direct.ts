/** Variables by which programs leave hosts out of their proxy; some read the one, some the other. */
const NAMES = ["NO_PROXY", "no_proxy"] as const;

const PROXIES = /^(https?|all)_proxy$/i;

/**
 * What keeps a command's requests to this machine out of a proxy that its environment names: they carry its key and
 * its prompts in clear, and only the gateway sends them on encrypted.
 *
 * @param hostname the gateway's
 */
export function loopbackDirect(env: NodeJS.ProcessEnv, hostname: string): Record<string, string> {
  const hasProxy = Object.entries(env).some(([name, value]) => PROXIES.test(name) && value);
  if (!hasProxy) return {};
  const known = NAMES.flatMap((name) => (env[name] ?? "").split(",")).map((host) => host.trim());
  const hosts = [...new Set([...known, hostname, "127.0.0.1", "localhost", "::1"])].filter(Boolean).join(",");
  return Object.fromEntries(NAMES.map((name) => [name, hosts]));
}
