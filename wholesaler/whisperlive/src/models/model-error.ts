export type ModelProblem =
  | 'unknown_model'
  | 'no_source'
  | 'bad_checksum'
  | 'damaged'
  | 'no_space'
  | 'not_writable'
  | 'not_a_model'
  | 'not_in_cache';

/** A model that cannot be had; the message says what to do instead. */
export class ModelError extends Error {
  readonly problem: ModelProblem;

  constructor(problem: ModelProblem, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ModelError';
    this.problem = problem;
  }
}
