/**
 * The shells whose completion calls `keepwarm __complete <shell> -- <words>`: what each is told, and how it asks.
 *
 * A script asks with the words as they are and evaluates none of them. An answer is one suggestion a line, or
 * `:files` or `:commands` where the shell knows better.
 */
import type { Candidate, Suggestions } from "./completer.ts";
import { textOf, withText } from "./suggest.ts";

export interface Shell {
  readonly script: string;
  /** The words as the program would get them, from those that the shell passes on. */
  readonly words: (passed: readonly string[]) => readonly string[];
  readonly answer: (suggestions: Suggestions, passed: readonly string[]) => string;
}

// bash cuts words at these; a suggestion replaces only what comes behind the last cut.
const CUTS = /^[=:]+$/;

function uncut(passed: readonly string[]): string[] {
  const words: string[] = [];
  let joining = false;
  for (const piece of passed) {
    const cut = CUTS.test(piece);
    if (words.length > 0 && piece !== "" && (cut || joining)) words.push(`${words.pop()}${piece}`);
    else words.push(piece);
    joining = cut;
  }
  return words;
}

function lines(suggestions: Suggestions, line: (value: string, description: string) => string): string {
  if (typeof suggestions === "string") return `:${suggestions}\n`;
  return suggestions
    .filter((candidate) => !/\p{Cc}/u.test(textOf(candidate)))
    .map((candidate) => `${line(textOf(candidate), descriptionOf(candidate))}\n`)
    .join("");
}

function descriptionOf(candidate: Candidate): string {
  return typeof candidate === "string" ? "" : candidate.description.replace(/\p{Cc}/gu, " ");
}

const bash: Shell = {
  script: `# keepwarm completion for bash: eval "$(keepwarm completion bash)"
_keepwarm() {
  local out line quoted
  COMPREPLY=()
  out=$(keepwarm __complete bash -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null) || return 0
  case $out in
    "") return 0 ;;
    :files | :commands)
      local action=-f
      [[ $out == :commands ]] && action=-c
      compopt -o filenames 2>/dev/null
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen "$action" -- "$2")
      return 0
      ;;
  esac
  while IFS= read -r line; do
    printf -v quoted %q "$line"
    COMPREPLY+=("$quoted")
  done <<<"$out"
}
complete -F _keepwarm keepwarm
`,
  words: uncut,
  answer(suggestions, passed) {
    const last = passed.at(-1) ?? "";
    const replaced = CUTS.test(last) ? 0 : last.length;
    const kept = (uncut(passed).at(-1) ?? "").length - replaced;
    const behind = (value: string) => value.slice(kept);
    const told =
      typeof suggestions === "string" ? suggestions : suggestions.map((each) => withText(each, behind));
    return lines(told, (value) => value);
  },
};

const zsh: Shell = {
  script: `#compdef keepwarm
# keepwarm completion for zsh: eval "$(keepwarm completion zsh)" after compinit, or a file _keepwarm in $fpath
_keepwarm() {
  local out
  local -a suggestions
  out=$(keepwarm __complete zsh -- "\${(Q@)words[2,CURRENT]}" 2>/dev/null) || return 1
  case $out in
    "") return 1 ;;
    :files) _files ;;
    :commands) _command_names -e ;;
    *)
      suggestions=("\${(f@)out}")
      _describe keepwarm suggestions
      ;;
  esac
}
if [[ \${funcstack[1]} == _keepwarm ]]; then _keepwarm "$@"; else compdef _keepwarm keepwarm; fi
`,
  words: (passed) => passed,
  answer: (suggestions) =>
    lines(suggestions, (value, description) => {
      const escaped = value.replace(/[\\:]/g, "\\$&");
      return description === "" ? escaped : `${escaped}:${description}`;
    }),
};

const fish: Shell = {
  script: `# keepwarm completion for fish: keepwarm completion fish > ~/.config/fish/completions/keepwarm.fish
function __keepwarm_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l out (keepwarm __complete fish -- $words[2..-1] "$current" 2>/dev/null)
    switch "$out[1]"
        case :files
            __fish_complete_path "$current"
        case :commands
            __fish_complete_command
        case '*'
            test -n "$out[1]"; and printf '%s\\n' $out
    end
end
complete -c keepwarm -f -a '(__keepwarm_complete)'
`,
  words: (passed) => passed,
  answer: (suggestions) =>
    lines(suggestions, (value, description) => (description === "" ? value : `${value}\t${description}`)),
};

export const SHELLS = { bash, zsh, fish } as const;

export type ShellName = keyof typeof SHELLS;
