/** What may be wider than its box: scrolled sideways, by the keyboard as well. */
import type { ComponentChildren } from "preact";

export function ScrollX({
  label,
  children,
}: {
  readonly label: string;
  readonly children: ComponentChildren;
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: without it a keyboard could not scroll it (WCAG 2.1.1).
    <section class="scroll-x" tabIndex={0} aria-label={label}>
      {children}
    </section>
  );
}
