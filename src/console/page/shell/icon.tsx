/** The page's few icons, drawn on a grid of 16. They are never alone: a text or a name stands with each. */
const PATHS = {
  search: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10Zm3.6-1.4L14 14",
  cross: "M4 4l8 8M12 4l-8 8",
  back: "M9.5 3.5 5 8l4.5 4.5M5.5 8H13",
  sun: "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM8 1.5v1M8 13.5v1M1.5 8h1M13.5 8h1M3.4 3.4l.7.7M11.9 11.9l.7.7M3.4 12.6l.7-.7M11.9 4.1l.7-.7",
  moon: "M13 9.6A5.4 5.4 0 0 1 6.4 3 5.5 5.5 0 1 0 13 9.6Z",
  system: "M2.5 3.5h11v7h-11ZM6 13h4M8 10.5V13",
  help: "M6 6.2a2 2 0 1 1 2.7 1.9c-.5.2-.7.5-.7 1V9.5M8 11.7v.1M8 14.5a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13Z",
  copy: "M5.5 5.5h7v8h-7ZM3.5 10.5v-8h7",
  flame:
    "M8 14.2c2.6 0 4.3-1.7 4.3-4.1 0-2.9-2.3-4-3.1-7.6C7.200 3.700 6.700 5.300 6.900 6.900 6 6.500 5.500 5.800 5.300 5 4.300 6.200 3.700 7.700 3.700 9.900c0 2.600 1.700 4.300 4.300 4.300Z",
  warning: "M8 2.2 14.3 13H1.700ZM8 6.500v3M8 11.300v.1",
  up: "M8 12.500v-9M4.500 7 8 3.500 11.500 7",
  down: "M8 3.500v9M4.500 9 8 12.500 11.500 9",
  open: "M6 3.500 10.500 8 6 12.500",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
