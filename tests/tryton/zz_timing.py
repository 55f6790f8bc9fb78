import tests.tryton.test_a_month_in_a_real_crm as m, time, sys
o=m.Takt.says
def says(self,*w):
    t=time.time()
    r=o(self,*w); sys.stderr.write(f"TIMED {w[:2]} {time.time()-t:.1f}\n{r[-600:]}\n"); return r
m.Takt.says=says
ow=m.Company.work
def work(self,**k):
    t=time.time(); ow(self,**k); sys.stderr.write(f"TIMED work {time.time()-t:.1f}\n")
m.Company.work=work
