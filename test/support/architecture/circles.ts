/** What each node leads to. */
export type Graph = ReadonlyMap<string, ReadonlySet<string>>;

/** The groups of nodes that lead to each other, by Tarjan's algorithm; a node that only leads to itself is none. */
export const circlesOf = (graph: Graph): readonly (readonly string[])[] => {
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const circles: string[][] = [];
  const lowOf = (node: string): number => low.get(node) ?? 0;
  const visit = (node: string): void => {
    order.set(node, order.size);
    low.set(node, lowOf(node) || order.size - 1);
    stack.push(node);
    for (const next of graph.get(node) ?? []) {
      if (!order.has(next)) visit(next);
      if (stack.includes(next)) low.set(node, Math.min(lowOf(node), lowOf(next)));
    }
    if (lowOf(node) !== order.get(node)) return;
    const circle = stack.splice(stack.indexOf(node));
    if (circle.length > 1) circles.push(circle.toSorted());
  };
  for (const node of graph.keys()) if (!order.has(node)) visit(node);
  return circles;
};
