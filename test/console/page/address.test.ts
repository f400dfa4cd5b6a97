import fc from "fast-check";
import { expect, it } from "vitest";
import { conversationLink, routeOf } from "../../../src/console/page/shell/address.ts";

it("leads back to any conversation, whatever its id", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: "binary" }), (id) => {
      expect(routeOf(conversationLink(id))).toEqual({ view: "conversation", id: id.toWellFormed() });
    }),
  );
  for (const id of ["/", "..", "#/totals", "%", "a/b?c", "\ud800"]) {
    expect(routeOf(conversationLink(id))).toEqual({ view: "conversation", id: id.toWellFormed() });
  }
});

it("takes what it does not know for the list", () => {
  for (const hash of ["", "#", "#/", "#/nowhere", "#/conversation/", "#/conversation/%E0%A4%A"]) {
    expect(routeOf(hash)).toEqual({ view: "list" });
  }
  expect(routeOf("#/totals")).toEqual({ view: "totals" });
});
