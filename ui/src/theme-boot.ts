// Runs in the head of the page, before anything is painted: the theme that the person chose.
try {
  const theme = localStorage.getItem("gr-theme");
  if (theme === "dark" || theme === "light") document.documentElement.dataset["theme"] = theme;
} catch {
  // storage is refused to this page: the theme of the system holds
}
