// Tested in test/master/rules/validate.test.ts
export type Problem = {
  /** The YAML key, as in `resource_manager.internal_task_gateway.gateway_name`. */
  readonly path: string;
  /** Both count from 1. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly hint?: string;
  readonly severity: 'error' | 'warning';
};

/** Where a problem is. Nodes have these fields too, and can be passed unchanged. */
export type Position = Pick<Problem, 'path' | 'line' | 'column'>;

const problemAt =
  (severity: Problem['severity']) =>
  ({ path, line, column }: Position, message: string, hint?: string): Problem => {
    const problem = { path, line, column, severity, message };
    return hint === undefined ? problem : { ...problem, hint };
  };

/** The master refuses it, or silently does something else. */
export const errorAt = problemAt('error');

/** It works, but not as it appears. */
export const warningAt = problemAt('warning');

/** In file order, without duplicates. */
export const inOrder = (problems: readonly Problem[]): readonly Problem[] => {
  const unique = new Map(problems.map((one) => [`${one.path}\n${one.line}:${one.column}\n${one.message}`, one]));
  return [...unique.values()].toSorted((a, b) => a.line - b.line || a.column - b.column);
};
