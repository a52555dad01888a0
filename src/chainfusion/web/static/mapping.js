// Beside each choice of a column: the values of the column that is chosen now.

for (const choice of document.querySelectorAll("[data-samples-of]")) {
  const place = document.querySelector(`[data-samples-for="${choice.dataset.samplesOf}"]`);
  choice.addEventListener("change", () => {
    place.textContent = choice.selectedOptions[0]?.dataset.samples ?? "";
  });
}
