/** Inside another program nobody reports: what is booked there, the hub takes in and tells. */
export const reportOf: typeof import("./report.ts").reportOf = () => {
  throw new Error("keepwarm report tells what plugins have booked");
};
