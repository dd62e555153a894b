/** `--name` for a command in a hint or an example, with a space before it; nothing for the instance that goes without: `dev`. */
export const nameFlag = (name: string): string => (name === 'dev' ? '' : ` --name ${name}`);
