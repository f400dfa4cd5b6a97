import fc from "fast-check";
import { expect, it } from "vitest";
import { conversationLink, jobLink, routeOf } from "../../../src/console/page/shell/address.ts";

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

it("leads to a job, and takes what is no job's id for the list", () => {
  const id = "3f2a0000-0000-4000-8000-000000000000";
  expect(routeOf(jobLink(id))).toEqual({ view: "job", id });
  expect(routeOf("#/fleet")).toEqual({ view: "fleet" });
  for (const hash of ["#/fleet/", "#/fleet/../settings", "#/fleet/<b>"]) {
    expect(routeOf(hash)).toEqual({ view: "list" });
  }
});
