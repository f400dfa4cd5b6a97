/** Search, groups and order. */
import { effect } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { GROUP_TITLES, GROUPS } from "../../../hub/views/index.ts";
import { Icon } from "../shell/icon.tsx";
import { count } from "../words/money.ts";
import { countOfAll, groupCounts, isSearchWanted, only, order, search } from "./chosen.ts";
import { ORDER_TITLES, ORDERS, type Order } from "./order.ts";

export function Toolbar() {
  const input = useRef<HTMLInputElement>(null);
  // At once, not with the next frame: what is typed right after the key belongs in the field.
  useLayoutEffect(
    () =>
      effect(() => {
        if (!isSearchWanted.value) return;
        isSearchWanted.value = false;
        input.current?.focus();
      }),
    [],
  );
  return (
    <div class="toolbar" role="search" aria-label="Conversations">
      <label class="search">
        <Icon name="search" />
        <span class="unseen">Search conversations</span>
        <input
          ref={input}
          type="search"
          placeholder="Search"
          value={search}
          onInput={({ currentTarget }) => {
            search.value = currentTarget.value;
          }}
          onKeyDown={(event) => {
            if (event.key !== "Escape") return;
            search.value = "";
            event.currentTarget.blur();
          }}
        />
        <span class="search-key" aria-hidden="true">
          /
        </span>
      </label>
      <Groups />
      <label class="order">
        <span class="order-label">Sort</span>
        <select
          class="select"
          value={order.value}
          onChange={({ currentTarget }) => {
            order.value = currentTarget.value as Order;
          }}
        >
          {ORDERS.map((one) => (
            <option key={one} value={one}>
              {ORDER_TITLES[one]}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}

function Groups() {
  const found = groupCounts.value;
  const all = [...found.values()].reduce((sum, one) => sum + one, 0);
  return (
    <div class="chips" role="group" aria-label="Show">
      <Chip title="All" amount={all} isOn={only.value === null} onChoose={() => show(null)} />
      {GROUPS.filter((group) => found.has(group) || only.value === group).map((group) => (
        <Chip
          key={group}
          title={GROUP_TITLES[group]}
          amount={found.get(group) ?? 0}
          isOn={only.value === group}
          onChoose={() => show(only.value === group ? null : group)}
        />
      ))}
      {search.value !== "" && (
        <span class="unseen" role="status">
          {count(all)} of {count(countOfAll.value)} found
        </span>
      )}
    </div>
  );
}

function show(group: typeof only.value): void {
  only.value = group;
}

interface ChipProps {
  readonly title: string;
  readonly amount: number;
  readonly isOn: boolean;
  readonly onChoose: () => void;
}

function Chip({ title, amount, isOn, onChoose }: ChipProps) {
  return (
    <button type="button" class="chip" aria-pressed={isOn} onClick={onChoose}>
      {title} <span class="chip-count">{count(amount)}</span>
    </button>
  );
}
