// Before the first paint, so that a chosen theme does not flash: a file of its own, since nothing may be inline.
try {
  const theme = localStorage.getItem('jobstream-theme');
  if (theme === 'dark' || theme === 'light') document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be forbidden; then the system decides.
}
