import { defaultParseSearch } from '@tanstack/react-router';

/** The state of the address with which the page was opened; the router corrects it at once. */
export const openedAddress = defaultParseSearch(location.search);
