/** The person's languages, best first, as far as this browser can write numbers and times in them. */
export const LOCALES: readonly string[] = usable(navigator.languages);

/** Some systems name languages as no browser can read them: `en-US@posix`. */
function usable(tags: readonly string[]): readonly string[] {
  const known = tags.filter((tag) => {
    try {
      return Intl.NumberFormat.supportedLocalesOf(tag).length > 0;
    } catch {
      return false;
    }
  });
  // The browser's own choice may be such a one as well.
  return known.length > 0 ? known : ["en-US"];
}
