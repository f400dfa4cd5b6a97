/** The person's languages, best first, as far as this browser can write numbers and times in them. */
export const LOCALES: readonly string[] = navigator.languages.filter(isUsable);

/** Some systems name languages as no browser can read them: `en-US@posix`. */
function isUsable(tag: string): boolean {
  try {
    return Intl.NumberFormat.supportedLocalesOf(tag).length > 0;
  } catch {
    return false;
  }
}
