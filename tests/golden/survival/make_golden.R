# Golden tables of Kaplan-Meier, log-rank, Cox (survival) and fixed-effect
# meta-analysis (metafor). Run in this folder: Rscript make_golden.R
library(survival); library(metafor)
own <- aml[, c("time", "status", "x")]
write.csv(own, "aml.csv", row.names = FALSE, quote = FALSE)
km <- summary(survfit(Surv(time, status) ~ x, own, conf.type = "log-log"))
write.csv(data.frame(group = sub("x=", "", km$strata), time = km$time,
  survival = format(km$surv, digits = 15), low = format(km$lower, digits = 15),
  high = format(km$upper, digits = 15)), "curves.csv", row.names = FALSE, quote = FALSE)
ranked <- survdiff(Surv(time, status) ~ x, own)
cox <- summary(coxph(Surv(time, status) ~ I(x == "Maintained"), own, ties = "efron"))
d <- c(0.31, 0.12, 0.45, -0.05); v <- c(0.02, 0.015, 0.05, 0.03)
fixed <- rma(d, v, method = "FE")
write.csv(data.frame(
  name = c("logrank", "hazard_ratio", "low", "high", "fe", "fe_se", "fe_p", "Q", "Q_p"),
  value = format(c(ranked$chisq, cox$conf.int[c(1, 3, 4)], fixed$beta, fixed$se,
    fixed$pval, fixed$QE, fixed$QEp), digits = 15)),
  "numbers.csv", row.names = FALSE, quote = FALSE)
