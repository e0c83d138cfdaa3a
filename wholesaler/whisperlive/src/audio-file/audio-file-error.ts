/** Why an uploaded file cannot be heard; the message is for the one who sent it. */
export type AudioFileProblem = 'empty' | 'unknown_format' | 'broken' | 'too_long' | 'no_decoder';

export class AudioFileError extends Error {
  readonly problem: AudioFileProblem;

  constructor(problem: AudioFileProblem, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'AudioFileError';
    this.problem = problem;
  }
}
