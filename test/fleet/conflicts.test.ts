/** A database that takes back what came into conflict, as CockroachDB does. */
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { type FleetDatabase, openPostgres, unbooked } from "../../src/fleet/index.ts";
import { aFleet, aPostgresDatabase, POSTGRES } from "./world.ts";

/** `conflict(n)` fails as a serialization failure does, the first n times: sequences are never taken back. */
const CONFLICT = `
  create sequence tries;
  create function conflict(times integer) returns void language plpgsql as $$
  begin
    if nextval('tries') <= times then
      raise exception 'restart transaction' using errcode = '40001';
    end if;
  end $$`;

async function aDatabase(): Promise<FleetDatabase> {
  const database = await openPostgres({ url: await aPostgresDatabase(), name: "test" });
  onTestFinished(() => database.close());
  await database.query(CONFLICT);
  await database.query("create table noted (number integer)");
  return database;
}

describe("a conflict", () => {
  it("has a transaction done again from its beginning, and nothing of its tries stays", async () => {
    const database = await aDatabase();
    let tried = 0;
    const result = await database.transaction(async (tx) => {
      await tx.query("insert into noted values ($1)", [++tried]);
      await tx.query("select conflict(3)");
      return "done";
    });
    expect(result).toBe("done");
    expect(await database.query("select number from noted")).toEqual([{ number: 4 }]);
  });

  it("has a statement done again that is no transaction's, the queue engine's as well", async () => {
    const database = await aDatabase();
    await database.query("insert into noted select 7 from conflict(2)");
    await database.query("alter sequence tries restart");
    await database.db.executeSql("insert into noted select 8 from conflict(2)", []);
    expect(await database.query("select number from noted")).toEqual([{ number: 7 }, { number: 8 }]);
  });

  it("that does not end is told, and what is wrong otherwise is not tried again", async () => {
    const database = await aDatabase();
    await expect(database.transaction((tx) => tx.query("select conflict(1000)"))).rejects.toMatchObject({
      code: "40001",
    });
    const act = vi.fn(async () => Promise.reject(new Error("nobody knows")));
    await expect(database.transaction(act)).rejects.toThrow("nobody knows");
    expect(act).toHaveBeenCalledOnce();
    expect(await database.query("select 1 as one")).toEqual([{ one: 1 }]);
  });

  it("in every thirteenth statement leaves each warm done once and booked once", async () => {
    const fleet = await aFleet(POSTGRES);
    const { database } = fleet;
    await database.query(
      `create sequence tries;
       create function conflict() returns trigger language plpgsql as $$
       begin
         if nextval('tries') % 13 = 0 then
           raise exception 'restart transaction' using errcode = '40001';
         end if;
         return null;
       end $$;
       create trigger conflict after insert or update on keepwarm.job for each statement execute function conflict();
       create trigger conflict after insert or update on keepwarm.prefix for each statement execute function conflict();
       create trigger conflict after insert or update on keepwarm_queue.job_common
         for each statement execute function conflict()`,
    );
    const kept = [];
    for (let index = 0; index < 8; index++) kept.push(await fleet.keepWarm(`number-${index}`, { inMs: 800 }));
    await fleet.worker();
    await fleet.worker();
    for (const { jobId } of kept) {
      await vi.waitFor(async () => expect((await fleet.job(jobId)).outcome).toBe("completed"), 20_000);
    }
    expect(fleet.warms()).toBe(8);
    expect(await unbooked(database, "gateway-1")).toHaveLength(8);
  });
});

describe("a server", () => {
  it("is asked what it is", async () => {
    const url = await aPostgresDatabase();
    const plain = await openPostgres({ url, name: "test" });
    onTestFinished(() => plain.close());
    expect(plain.backend).toBe("postgres");
    // As CockroachDB answers.
    await plain.query("create schema pretended");
    await plain.query(
      `create function pretended.version() returns text language sql as $$ select 'CockroachDB CCL v25.4.0' $$`,
    );
    await plain.query(
      `alter database ${new URL(url).pathname.slice(1)} set search_path = pretended, pg_catalog, public`,
    );
    const pretended = await openPostgres({ url, name: "test" });
    onTestFinished(() => pretended.close());
    expect(pretended.backend).toBe("cockroachdb");
  });

  it("whose whole numbers are all of 64 bits tells numbers all the same", async () => {
    const database = await aDatabase();
    expect(await database.query("select 5::bigint as five, count(*) as none from noted")).toEqual([
      { five: 5, none: 0 },
    ]);
  });
});
