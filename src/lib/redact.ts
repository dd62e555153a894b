/**
 * A text in which no URL has a user or password left. The password may contain `@`; in JSON text a quote in it is escaped.
 */
export const withoutPasswords = (text: string): string => text.replaceAll(/\/\/(?:[^/?#\s"\\]|\\.)*@/g, '//***@');
