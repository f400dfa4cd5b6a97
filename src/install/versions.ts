/** Whether a version such as `1.5.2` is `least` or newer; what stands behind a `-` or `+` does not count. */
export function isAtLeast(version: string, least: string): boolean {
  const [numbers, others] = [version, least].map(
    (text) => text.split(/[-+]/, 1)[0]?.split(".").map(Number) ?? [],
  );
  for (const [index, other] of (others ?? []).entries()) {
    const own = numbers?.[index] ?? 0;
    if (own !== other) return own > other;
  }
  return true;
}
