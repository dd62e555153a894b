// Tested in test/master/rules/file.test.ts
import type { Item, ScalarItem } from './document.ts';
import { errorAt, type Problem, warningAt } from './problem.ts';
import type { Shape } from './shape.ts';

const variable = /\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))/;

/** Keys without which no task is reached: the master takes any text there, and fails later. */
export const mustBeRight = (path: string): boolean => /(^|\.)resource_manager\./i.test(path);

const judgeString = (item: ScalarItem, shape: Shape): readonly Problem[] => {
  if (!variable.test(item.text)) return [];
  if ('isShell' in shape && shape.isShell) return [];
  if ('isSecret' in shape && shape.isSecret) {
    return [warningAt(item, 'has a $ that looks like a variable; the master does not expand it')];
  }
  const [found] = variable.exec(item.text) ?? [];
  const judge = mustBeRight(item.path) ? errorAt : warningAt;
  return [
    judge(item, `${found} is not expanded in '${item.text}'`, 'the master expands no variables: write the value'),
  ];
};

/** Strings with variables, which the master does not expand. Subtrees of unknown shape, and pod specs, are skipped. */
export const findVariables = (item: Item, shape: Shape): readonly Problem[] => {
  if (shape.kind === 'any' || (shape.kind === 'map' && shape.isKubernetes)) return [];
  if (shape.kind === 'either') {
    const inner = shape.options.find((one) => (one.kind === 'map') === (item.kind === 'map'));
    return inner ? findVariables(item, inner) : [];
  }
  if (item.kind === 'map') {
    return item.fields.flatMap(({ key, value }) => {
      const known = shape.kind === 'map' ? shape.fields[key.toLowerCase()] : shape.kind === 'dictionary' && shape.of;
      return known ? findVariables(value, known) : [];
    });
  }
  if (item.kind === 'list')
    return shape.kind === 'list' ? item.items.flatMap((one) => findVariables(one, shape.of)) : [];
  return item.kind === 'string' ? judgeString(item, shape) : [];
};
