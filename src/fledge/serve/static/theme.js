// Runs before the first paint, so that the chosen theme does not flash.
const chosenTheme = localStorage.getItem("fledge.theme");
if (chosenTheme) document.documentElement.dataset.theme = chosenTheme;
