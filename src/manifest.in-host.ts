/** Of what a manifest says, a plugin inside another program needs the version alone, which the build fills in. */
export const manifest: Pick<import("./manifest.ts").Manifest, "version"> = {
  version: process.env.KEEPWARM_BUILT_VERSION ?? "",
};
