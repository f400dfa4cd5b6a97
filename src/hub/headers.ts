/** Headers of the control API. */

/** Carries the token of the control API. */
export const TOKEN_HEADER = "x-keepwarm-token";
/** Carries a client's nonce. */
export const CHALLENGE_HEADER = "x-keepwarm-challenge";
/** Carries the answer to the nonce. */
export const PROOF_HEADER = "x-keepwarm-proof";
