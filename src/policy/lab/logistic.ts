/** Logistic regression with a ridge penalty, by Newton's method. */

export interface Sample {
  readonly features: readonly number[];
  readonly positive: boolean;
  readonly weight: number;
}

/** `[constant, ...weights]`. The constant is not penalised. */
export function fitLogistic(samples: readonly Sample[], ridge: number): Float64Array {
  const size = (samples[0]?.features.length ?? 0) + 1;
  const beta = new Float64Array(size);
  for (let round = 0; round < 25; round++) {
    const { gradient, hessian } = derivatives(samples, beta, ridge);
    const step = solve(hessian, gradient);
    let largest = 0;
    for (let index = 0; index < size; index++) {
      beta[index] = (beta[index] ?? 0) + (step[index] ?? 0);
      largest = Math.max(largest, Math.abs(step[index] ?? 0));
    }
    if (largest < 1e-7) break;
  }
  return beta;
}

function derivatives(samples: readonly Sample[], beta: Float64Array, ridge: number) {
  const size = beta.length;
  const gradient = new Float64Array(size);
  const hessian = Array.from({ length: size }, () => new Float64Array(size));
  const row = new Float64Array(size);
  row[0] = 1;
  for (const { features, positive, weight } of samples) {
    let logOdds = beta[0] ?? 0;
    for (let index = 1; index < size; index++) {
      const value = features[index - 1] ?? 0;
      row[index] = value;
      logOdds += (beta[index] ?? 0) * value;
    }
    const chance = 1 / (1 + Math.exp(-logOdds));
    const error = weight * ((positive ? 1 : 0) - chance);
    const curvature = weight * chance * (1 - chance);
    for (let a = 0; a < size; a++) {
      gradient[a] = (gradient[a] ?? 0) + error * (row[a] ?? 0);
      const scaled = curvature * (row[a] ?? 0);
      const line = hessian[a];
      if (line === undefined || scaled === 0) continue;
      for (let b = 0; b <= a; b++) line[b] = (line[b] ?? 0) + scaled * (row[b] ?? 0);
    }
  }
  for (let a = 0; a < size; a++) {
    const line = hessian[a];
    if (line === undefined) continue;
    const penalty = a === 0 ? 1e-9 : ridge;
    gradient[a] = (gradient[a] ?? 0) - penalty * (beta[a] ?? 0);
    line[a] = (line[a] ?? 0) + penalty;
    for (let b = 0; b < a; b++) (hessian[b] as Float64Array)[a] = line[b] ?? 0;
  }
  return { gradient, hessian };
}

/** Solves a symmetric positive system by Gauss's elimination. */
function solve(matrix: readonly Float64Array[], right: Float64Array): Float64Array {
  const size = right.length;
  const rows = matrix.map((line, index) => Float64Array.from([...line, right[index] ?? 0]));
  const at = (row: number, column: number) => rows[row]?.[column] ?? 0;
  for (let pivot = 0; pivot < size; pivot++) {
    for (let row = pivot + 1; row < size; row++) {
      const factor = at(row, pivot) / at(pivot, pivot);
      if (factor === 0) continue;
      for (let column = pivot; column <= size; column++) {
        (rows[row] as Float64Array)[column] = at(row, column) - factor * at(pivot, column);
      }
    }
  }
  const solution = new Float64Array(size);
  for (let row = size - 1; row >= 0; row--) {
    let sum = at(row, size);
    for (let column = row + 1; column < size; column++) sum -= at(row, column) * (solution[column] ?? 0);
    solution[row] = sum / at(row, row);
  }
  return solution;
}
